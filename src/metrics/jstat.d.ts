/** What is used of it: the package brings no types. */
declare module "jstat" {
  const jstat: {
    readonly normal: {
      cdf(x: number, mean: number, sd: number): number;
      inv(p: number, mean: number, sd: number): number;
    };
    readonly studentt: { inv(p: number, degrees: number): number };
  };
  export default jstat;
}
