/** The codes that the source gives out, read from the source: those of errors, and all that anything bears. */
import ts from 'typescript';
import type { SourceFile } from './tidy-rules.ts';

const CODE = /^[a-z][a-z0-9]*(_[a-z0-9]+)*$/;

export interface Codes {
  /** Of `new PayrunError(kind, code, …)`: each has a transcript. */
  errors: Set<string>;
  /** Of whatever has a `code`: rows, warnings, findings, problems of the books. */
  others: Set<string>;
}

export function codesIn(files: readonly SourceFile[]): Codes {
  const codes: Codes = { errors: new Set(), others: new Set() };
  for (const file of files) collect(file, codes);
  return codes;
}

function collect(file: SourceFile, codes: Codes): void {
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
  const own = new Set<string>();
  let passedOn = false;
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText() === 'PayrunError') {
      const literals = literalsOf(node.arguments?.[1]);
      for (const literal of literals) codes.errors.add(literal);
      if (literals.length === 0) passedOn = true;
    }
    if (ts.isPropertyAssignment(node) && node.name.getText() === 'code') {
      for (const literal of literalsOf(node.initializer)) own.add(literal);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const code of own) codes.others.add(code);
  // An error made from a `code` that this file chose: `new PayrunError(kind, trouble.code, …)`.
  if (passedOn) for (const code of own) codes.errors.add(code);
}

function literalsOf(node: ts.Node | undefined): string[] {
  if (!node) return [];
  if (ts.isStringLiteral(node)) return CODE.test(node.text) ? [node.text] : [];
  if (ts.isConditionalExpression(node)) return [...literalsOf(node.whenTrue), ...literalsOf(node.whenFalse)];
  return [];
}
