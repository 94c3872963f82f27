/** A list of 32-bit numbers that grows. */
export class Numbers {
  #values: Uint32Array<ArrayBuffer>;
  #count = 0;

  /** `most`: so many are to be expected at most, for which there is then room without growing. */
  constructor(most = 0) {
    this.#values = new Uint32Array(Math.max(most, 1 << 10));
  }

  push(value: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Uint32Array(this.#count + (this.#count >>> 1));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count] = value;
    this.#count += 1;
  }

  values(): Uint32Array {
    return this.#values.subarray(0, this.#count);
  }
}
