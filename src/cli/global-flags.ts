export type Format = 'table' | 'json' | 'ndjson' | 'csv';

export interface GlobalFlags {
  format: Format;
  output_file: string | null;
  quiet: boolean;
  verbose: boolean;
  color: boolean;
  progress: boolean;
  yes: boolean;
  input: boolean;
  dry_run: boolean;
  config: string | null;
  as: string | null;
}
