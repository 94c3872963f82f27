/**
 * Text from outside, made safe to show. A name with an escape sequence can clear a screen, and one with a
 * bidirectional override can show an amount backwards; both stay readable here, as \u{…}, and do nothing.
 * The two joiners that Indic scripts and Persian need pass.
 */

const HIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;
// In JSON the C0 controls and lone surrogates are escaped already.
const HIDDEN_IN_JSON = /[\u007f-\u009f]|[\p{Zl}\p{Zp}]|(?![\u200c\u200d])\p{Cf}/gu;

function visible(character: string): string {
  if (character === '\n') return '\\n';
  if (character === '\t') return '\\t';
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** For one line: line ends and tabs become visible too. */
export function sanitise(text: string): string {
  return text.replace(HIDDEN, visible);
}

/** For text of several lines, whose line ends and tabs are layout. */
export function sanitiseBlock(text: string): string {
  return text.replace(HIDDEN, (character) =>
    character === '\n' || character === '\t' ? character : visible(character),
  );
}

/** Serialised JSON with every hidden character as \uXXXX: the same data, also where a terminal shows it. */
export function sanitiseJson(json: string): string {
  return json.replace(HIDDEN_IN_JSON, (character) => {
    let escaped = '';
    for (let index = 0; index < character.length; index += 1) {
      escaped += `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`;
    }
    return escaped;
  });
}
