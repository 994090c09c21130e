/** What of tfjs' WebGPU backend we watch. */
interface Watched {
  readonly device: {
    addEventListener(type: "uncapturederror", listener: (event: { readonly error: Error }) => void): void;
    readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  };
  /** What every read from the device goes through. */ getBufferData(buffer: unknown): Promise<ArrayBuffer>;
  disposed: boolean;
}

/**
 * WebGPU reports errors beside the calls that caused them, and the tensors then hold anything. Here the next read throws the
 * first of them. Errors of it: no memory left, the device is lost, a shader is refused.
 */
export function watchErrors(backend: unknown): void {
  const watched = backend as Watched;
  let found: Error | undefined;
  watched.device.addEventListener("uncapturederror", ({ error }) => {
    found ??= new Error(
      error.constructor.name === "GPUOutOfMemoryError"
        ? "The GPU has no memory left; use a smaller batch, a smaller image size or a smaller model."
        : `WebGPU: ${error.message.split("\n")[0]}`,
    );
  });
  const noticeLoss = async (): Promise<void> => {
    const { reason, message } = await watched.device.lost;
    if (reason !== "destroyed" && !watched.disposed) found ??= new Error(`WebGPU lost the device: ${message}`);
  };
  void noticeLoss();
  const stock = watched.getBufferData.bind(watched);
  watched.getBufferData = async (buffer) => {
    const values = await stock(buffer).catch((error: Error) => error);
    const error = found ?? (values instanceof Error ? values : undefined);
    // Whoever goes on with something smaller may.
    found = undefined;
    if (error) throw error;
    return values as ArrayBuffer;
  };
}
