// The list is a megabyte: declared by hand, so that the compiler does not infer a type from all of it.
declare module 'ifsc/src/IFSC.json' {
  /** Bank code to the codes of its branches. */
  const banks: Record<string, (string | number)[]>;
  export default banks;
}
