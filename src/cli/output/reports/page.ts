/** What every page has around it: its own style and nothing from elsewhere, a header, a footer, and room to sign on paper. */
import { createHash } from 'node:crypto';
import { type Markup, markup, raw } from './markup.ts';
import { STYLE } from './style.ts';

// The page's own style and nothing else, not even a style that a name smuggled in.
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'`;

export interface Page {
  title: string;
  lead: Markup;
  main: Markup;
  footer: Markup;
}

export function pageText({ title, lead, main, footer }: Page): string {
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>${lead}</p>
</header>
<main>
${main}
</main>
<footer>${footer}</footer>
<div class="signatures"><div>Prepared by, date</div><div>Reviewed by, date</div></div>
</body>
</html>
`.text;
}

/** `2026-11-20 10:15 UTC`, of an instant in RFC 3339. */
export function minuteOf(instant: string): string {
  return `${instant.slice(0, 10)} ${instant.slice(11, 16)} UTC`;
}
