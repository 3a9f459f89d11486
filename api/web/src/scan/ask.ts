// One question to the decoder at a time, with its answer.

/** What the worker finds in a picture; a worker that cannot start is an error, not an empty picture. */
export function ask(worker: Worker, image: ImageData): Promise<string | null> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<{ text: string | null } | { failed: string }>) => {
      if ("text" in data) resolve(data.text);
      else reject(new Error(data.failed));
    };
    worker.onerror = () => reject(new Error("the decoder does not start"));
    worker.postMessage(image, [image.data.buffer]);
  });
}
