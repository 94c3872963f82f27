/** What goes into a statement and comes out of it. */
export type Value = string | bigint | number | null | Uint8Array;

export type Params = Readonly<Record<string, Value>>;
