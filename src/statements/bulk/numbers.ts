/** A list of 32-bit numbers that grows. */
export class Numbers {
  #values = new Uint32Array(1 << 16);
  #count = 0;

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
