declare module "virtual:words/zh" {
  const words: Record<string, string>;
  export default words;
}

declare module "virtual:words/en" {
  const words: Record<string, string>;
  export default words;
}

declare module "*.wasm?url" {
  const url: string;
  export default url;
}

/** Hash of the sources this build was made from. */
declare const __BUILD__: string;
