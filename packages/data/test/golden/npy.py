"""Arrays as NumPy writes them: python npy.py > npy.json"""

import base64
import io
import json

import numpy as np

arrays = []
for dtype in ["u1", "i1", "?", "<u2", ">i2", "<u4", "<i4", ">i8", "<f4", ">f4", "<f8"]:
    values = np.arange(6).reshape(2, 3).astype(dtype)
    file = io.BytesIO()
    np.save(file, values)
    arrays.append(
        {
            "npy": base64.b64encode(file.getvalue()).decode(),
            "shape": list(values.shape),
            "values": values.astype("f8").ravel().tolist(),
        }
    )
print(json.dumps(arrays))
