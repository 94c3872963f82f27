// Files that the bundle holds as text: migrations, statement profiles, the sandbox's contract.
declare module '*.sql' {
  const text: string;
  export default text;
}
declare module '*.toml' {
  const text: string;
  export default text;
}
declare module '*.yaml' {
  const text: string;
  export default text;
}
