"""A training step in PyTorch on a CUDA card, on one batch that lies on it. Started by webgpu-step.mjs; prints one JSON line."""

import json
import sys
import time

ask = json.loads(sys.argv[1])


def end(**answer):
    print(json.dumps(answer))
    sys.exit(0)


try:
    import torch
    from torch import nn
except ImportError as error:
    end(skipped=str(error))
if not torch.cuda.is_available():
    end(skipped=f"PyTorch {torch.__version__} finds no CUDA card")
import torch_models

torch.manual_seed(1)
batch, (height, width, channels) = ask["batch"], ask["shape"]
last = torch.channels_last
pixels = torch.randint(0, 256, (batch, channels, height, width), device="cuda").float().contiguous(memory_format=last)
truth = torch.arange(batch, device="cuda") % ask["classes"]
entropy = nn.CrossEntropyLoss()


def rate(tf32, graph):
    """Images per second; with `graph`, the step is captured as a CUDA graph."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    model = torch_models.build(ask["model"], channels, ask["classes"]).to("cuda", memory_format=last).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, nesterov=True, foreach=True)

    def step():
        optimizer.zero_grad(set_to_none=False)
        loss = entropy(model((pixels - 127.5) / 73.9), truth)
        loss.backward()
        optimizer.step()
        return loss

    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(5):
            step()
    torch.cuda.current_stream().wait_stream(aside)
    run = step
    if graph:
        captured = torch.cuda.CUDAGraph()
        with torch.cuda.graph(captured):
            step()
        run = captured.replay
    for _ in range(5):
        run()
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(ask["steps"]):
        run()
    torch.cuda.synchronize()
    return ask["steps"] * batch / (time.perf_counter() - start)


end(
    version=f"PyTorch {torch.__version__} on {torch.cuda.get_device_name()}",
    rates={
        "fp32": rate(False, False),
        "fp32, CUDA graph": rate(False, True),
        "tf32": rate(True, False),
        "tf32, CUDA graph": rate(True, True),
    },
)
