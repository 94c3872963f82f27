import type { Asking } from './apply-answers.ts';

export interface Sync extends Asking {
  onProgress(asked: number, total: number): void;
}
