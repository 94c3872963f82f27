/** HTML, XML and SVG as values: text that is put into `markup` is escaped unless it is markup itself. */

export interface Markup {
  readonly text: string;
}

type Part = string | Markup | readonly Markup[];

export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0] ?? '';
  for (const [index, part] of parts.entries()) text += textOf(part) + (strings[index + 1] ?? '');
  return { text };
}

/** Only for what stands in payrun's own source. */
export function raw(text: string): Markup {
  return { text };
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeMarkup(text: string): string {
  // The two non-characters make an XML file unreadable as a whole.
  return text.replace(/[&<>"'\ufffe\uffff]/g, (character) => ESCAPES[character] ?? '\ufffd');
}

function textOf(part: Part): string {
  if (typeof part === 'string') return escapeMarkup(part);
  return 'text' in part ? part.text : part.map((each) => each.text).join('');
}
