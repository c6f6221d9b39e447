declare module "@cornerstonejs/codec-libjpeg-turbo-8bit/decode" {
  export interface JpegFrameInfo {
    readonly width: number;
    readonly height: number;
    readonly componentCount: number;
  }
  export interface JpegDecoder {
    getEncodedBuffer(length: number): Uint8Array;
    decode(): void;
    getFrameInfo(): JpegFrameInfo;
    getDecodedBuffer(): Uint8Array;
    delete(): void;
  }
  const start: () => Promise<{ readonly JPEGDecoder: new () => JpegDecoder }>;
  export default start;
}
