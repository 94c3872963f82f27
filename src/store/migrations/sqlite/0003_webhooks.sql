-- What providers told by themselves. An event is a hint: it moves nothing here, and its words never change; only what
-- became of it is written later.

create table webhooks (
  id integer primary key,
  provider text not null,
  -- Of the raw bytes: the same event is stored once, however often and however late it is told again.
  sha256 text not null,
  -- Whether the provider's signature came with it, or a person's word.
  source text not null check (source in ('signed', 'file')),
  event text not null,
  provider_id text not null,
  provider_reference text not null,
  status text not null,
  provider_state text not null check (provider_state in ('in_flight', 'success', 'failed', 'reversed', 'unknown_word')),
  amount_minor integer,
  utr text,
  failure_reason text,
  -- By the provider's clock, and by ours.
  stated_at text not null,
  received_at text not null,
  -- Which attempt of ours it is about; null where no payout answers to its names.
  payout_id integer references payouts (id),
  attempt_no integer,
  state text not null check (state in ('received', 'applied', 'unknown_reference')),
  -- How often the provider was asked because of it and could not tell.
  tries integer not null default 0,
  applied_at text,
  effect text check (effect in
    ('moved', 'noted', 'same', 'held', 'contradiction', 'not_found', 'foreign_reference', 'earlier_attempt')),
  note text,
  unique (provider, sha256),
  check ((payout_id is null) = (state = 'unknown_reference') and (payout_id is null) = (attempt_no is null)),
  check ((state = 'applied') = (applied_at is not null) and (applied_at is null) = (effect is null))
) strict;
create index webhooks_to_apply on webhooks (provider, id) where state = 'received';
create index webhooks_by_payout on webhooks (payout_id) where payout_id is not null;

create trigger webhooks_keep_their_words before update on webhooks
when old.provider <> new.provider or old.sha256 <> new.sha256 or old.source <> new.source or old.event <> new.event
  or old.provider_id <> new.provider_id or old.provider_reference <> new.provider_reference or old.status <> new.status
  or old.stated_at <> new.stated_at or old.received_at <> new.received_at or old.provider_state <> new.provider_state
  or old.amount_minor is not new.amount_minor or old.utr is not new.utr
  or old.failure_reason is not new.failure_reason or old.payout_id is not new.payout_id
  or old.attempt_no is not new.attempt_no
begin
  select raise(abort, 'an event is kept as it was told');
end;
create trigger webhooks_remain before delete on webhooks
begin
  select raise(abort, 'events are never deleted');
end;
