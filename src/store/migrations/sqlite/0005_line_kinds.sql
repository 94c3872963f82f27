-- Banks and providers report more than payouts: fees, refunds, money that came in. What a line is about is stored with
-- it; only lines about payouts are matched, the others are added up.

alter table statement_lines add column kind text not null default 'payout'
  check (kind in ('payout', 'return', 'fee', 'tax', 'refund', 'funding', 'adjustment', 'other'));
