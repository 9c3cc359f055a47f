/** The first shape of the record. */
import { type Kysely, sql } from 'kysely'

export async function up(database: Kysely<unknown>): Promise<void> {
  await sql
    .raw(`
create table installation (
  only_one boolean primary key default true check (only_one),
  deployment_id text not null,
  created_at timestamptz not null
);

create table chain (
  key text primary key,
  caip2 text not null,
  genesis_hash text not null,
  first_seen_at timestamptz not null
);

-- The block evaluated last, per chain. Moves only in the transaction that stores what its block produced.
create table cursor (
  chain text primary key references chain,
  number numeric(78) not null,
  hash text not null,
  moved_at timestamptz not null
);

-- One row per evaluated block: what was judged, by which rules, and whether the block still stands.
create table block (
  chain text not null references chain,
  hash text not null,
  number numeric(78) not null,
  parent_hash text not null,
  mined_at timestamptz not null,
  rule_set_version text not null,
  evaluated_at timestamptz not null,
  retracted_at timestamptz,
  primary key (chain, hash)
);
create index block_by_number on block (chain, number desc);

create table detector_state (
  chain text not null,
  detector text not null,
  detector_version text not null,
  block_hash text not null,
  block_number numeric(78) not null,
  state jsonb not null,
  primary key (chain, detector, block_hash)
);
create index detector_state_by_number on detector_state (chain, detector, block_number desc);

create sequence incident_number;
create table incident (
  id text primary key,
  number integer not null unique,
  title text not null,
  severity text not null,
  status text not null,
  system text not null,
  chain text not null references chain,
  declared_at timestamptz not null,
  began_at timestamptz,
  began_block numeric(78),
  contained_at timestamptz,
  contained_block numeric(78),
  resolved_at timestamptz
);
-- At most one incident of a system is being worked on: what happens next to that system belongs to it.
create unique index incident_open on incident (chain, system)
  where status not in ('resolved', 'post_incident', 'closed', 'false_positive', 'duplicate', 'cancelled');

create table alert (
  id text primary key,
  group_key text not null,
  chain text not null references chain,
  system text not null,
  severity text not null,
  title text not null,
  status text not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  finding_count integer not null,
  incident_id text references incident,
  handled_by text,
  handled_reason text
);
create unique index alert_open on alert (group_key) where status in ('open', 'acknowledged');
create index alert_by_time on alert (last_at desc);

create table finding (
  id text primary key,
  deployment_id text not null,
  chain text not null references chain,
  block_number numeric(78) not null,
  block_hash text not null,
  stage text not null,
  transaction_hash text,
  detector text not null,
  detector_version text not null,
  rule_set_version text not null,
  system text not null,
  subject text not null,
  actors jsonb not null,
  severity text not null,
  confidence double precision not null,
  sentence text not null,
  is_error boolean not null,
  "values" jsonb not null,
  found_at timestamptz not null,
  retracted_at timestamptz,
  alert_id text references alert
);
create index finding_by_block on finding (chain, block_hash);
create index finding_by_alert on finding (alert_id);
create index finding_by_time on finding (found_at desc);

create table holding (
  chain text not null references chain,
  block_hash text not null,
  block_number numeric(78) not null,
  mined_at timestamptz not null,
  system text not null,
  account text not null,
  asset text not null,
  symbol text not null,
  decimals integer not null,
  units numeric(78) not null,
  primary key (chain, block_hash, account, asset)
);
create index holding_by_system on holding (chain, system, block_number);

create table timeline (
  incident_id text not null references incident,
  sequence integer not null,
  at timestamptz not null,
  kind text not null,
  actor text not null,
  summary text not null,
  detail jsonb not null,
  previous_hash text not null,
  hash text not null,
  -- The same event told twice stands once.
  event_key text not null,
  primary key (incident_id, sequence),
  unique (incident_id, event_key)
);

create table exhibit (
  id text primary key,
  incident_id text not null references incident,
  kind text not null,
  title text not null,
  media_type text not null,
  sha256 text not null,
  content bytea not null,
  collected_at timestamptz not null,
  collected_by text not null
);
create index exhibit_by_incident on exhibit (incident_id, collected_at);

-- What happened is added to, never changed.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are evidence and are never changed or deleted', tg_table_name;
end $$;
create trigger timeline_is_append_only before update or delete or truncate on timeline for each statement execute function refuse_change();
create trigger exhibit_is_append_only before update or delete or truncate on exhibit for each statement execute function refuse_change();

create table run (
  id text primary key,
  incident_id text not null references incident,
  finding_id text not null references finding,
  playbook text not null,
  playbook_version text not null,
  status text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text
);
create index run_by_incident on run (incident_id);

create table step (
  run_id text not null references run,
  path text not null,
  name text not null,
  position integer not null,
  status text not null,
  started_at timestamptz,
  ended_at timestamptz,
  summary text,
  detail jsonb not null,
  primary key (run_id, path, name)
);

create table approval (
  id text primary key,
  run_id text not null references run,
  incident_id text not null references incident,
  path text not null,
  role text not null,
  threshold integer not null,
  status text not null,
  -- The action and its dry run as they were when approval was asked: what people sign never changes under them.
  request jsonb not null,
  action_hash text not null,
  requested_at timestamptz not null,
  expires_at timestamptz not null,
  unique (run_id, path)
);

create table approval_decision (
  approval_id text not null references approval,
  person text not null,
  decision text not null,
  address text not null,
  signature text not null,
  at timestamptz not null,
  -- The same person counts once.
  primary key (approval_id, person)
);

create table sent_transaction (
  hash text primary key,
  chain text not null references chain,
  sender text not null,
  nonce bigint not null,
  run_id text not null references run,
  path text not null,
  recipient text not null,
  raw text not null,
  status text not null,
  block_number numeric(78),
  block_hash text,
  signed_at timestamptz not null,
  accepted_at timestamptz,
  included_at timestamptz,
  -- One transaction for each action of a run.
  unique (run_id, path)
);
-- One transaction for each nonce of a key; one that was outbid or overtaken is out of the race.
create unique index sent_transaction_nonce on sent_transaction (chain, sender, nonce) where status <> 'replaced';

create table outbox (
  id text primary key,
  channel text not null,
  kind text not null,
  idempotency_key text not null unique,
  payload jsonb not null,
  summary text not null,
  status text not null,
  attempts integer not null,
  created_at timestamptz not null,
  next_attempt_at timestamptz,
  delivered_at timestamptz,
  last_error text
);
create index outbox_due on outbox (next_attempt_at) where status = 'waiting';
`)
    .execute(database)
}
