/**
 * Limits that the workers of a fleet share. A slice is what may count for one worker now, which is what it has used and may
 * still use without asking; the sum of all slices of a limit is never more than the limit.
 *
 * Invariants: a limit is changed only by whoever has locked its row of `budget`, and the rows are locked in their order. A
 * holder is one process for as long as it is heard of; one that was not heard of in time never comes back, and what it
 * had counts until all of it must be over: what had ended when it was last heard of is let go as it drains, the rest
 * stays as long as if it had been used at the last moment.
 */

/** Of what is used in the last moment, ms: an answer that Gmail took long to give. */
const lateMs = 10_000
/** Whoever is heard of in time says so in a transaction, which has so long to its end, ms. */
const commitMs = 2000
/** `draining` says how much will still count after none, one, two, ... of so many parts of `lasts_ms`. */
export const drainingParts = 12

export const budgetStep = `
CREATE TABLE budget (
  key text COLLATE "C" PRIMARY KEY,
  day date NOT NULL,
  taken bigint NOT NULL DEFAULT 0
);
CREATE TABLE budget_holder (
  holder text COLLATE "C" PRIMARY KEY,
  worker text COLLATE "C" NOT NULL,
  there_until timestamptz NOT NULL,
  asked bigint NOT NULL
);
CREATE TABLE budget_slice (
  key text COLLATE "C" NOT NULL,
  holder text COLLATE "C" NOT NULL REFERENCES budget_holder ON DELETE CASCADE,
  most bigint NOT NULL,
  step bigint NOT NULL,
  lasts_ms bigint NOT NULL,
  units bigint NOT NULL CHECK (units >= 0),
  need bigint NOT NULL,
  draining bigint[] NOT NULL,
  said_at timestamptz NOT NULL,
  had_at timestamptz NOT NULL,
  give_back bigint,
  PRIMARY KEY (key, holder)
);
CREATE INDEX budget_slice_to_give_back ON budget_slice (holder) WHERE give_back IS NOT NULL;
CREATE INDEX budget_slice_of_holder ON budget_slice (holder);

CREATE FUNCTION budget_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()';

-- What counts of a slice whose holder was there until then.
CREATE FUNCTION budget_counts(slice budget_slice, there_until timestamptz, instant timestamptz) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
  part_s double precision := slice.lasts_ms / ${drainingParts}000.0;
  then_least bigint;
  now_most bigint;
BEGIN
  IF instant <= there_until THEN RETURN slice.units; END IF;
  IF slice.lasts_ms = 0 OR instant > there_until + (slice.lasts_ms + ${lateMs}) * interval '1 millisecond' THEN RETURN 0; END IF;
  -- What had drained while it was there may have been used again. A part more: the question was under way.
  then_least := coalesce(slice.draining[ceil(extract(epoch FROM there_until - slice.said_at) / part_s)::int + 2], 0);
  now_most := coalesce(slice.draining[floor(extract(epoch FROM instant - slice.said_at) / part_s)::int + 1], 0);
  RETURN slice.units - greatest(0, then_least - now_most);
END $$;

CREATE FUNCTION budget_ask(me text, my_worker text, number bigint, lease_ms bigint, asks jsonb)
RETURNS TABLE (of_key text, units bigint, fair bigint, give_back bigint, day_taken bigint, day_left_ms bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  instant timestamptz;
  lease interval := (lease_ms + ${commitMs}) * interval '1 millisecond';
  was budget_holder;
  ask record;
  other record;
  mine budget_slice;
  limit_now bigint;
  of_others bigint;
  left_over bigint;
  those_left int;
  those_there int;
  entitled bigint;
  fair_now bigint;
  granted bigint;
  holders text[];
  entitlements bigint[];
  today date;
  taken_now bigint;
  day_now date;
BEGIN
  SELECT * INTO was FROM budget_holder WHERE holder = me FOR UPDATE;
  instant := budget_now();
  IF was.holder IS NOT NULL THEN
    -- Overtaken by a later question; or not heard of in time: others may have taken what it had.
    IF was.asked >= number OR was.there_until - interval '${commitMs} milliseconds' <= instant THEN
      RETURN QUERY SELECT NULL::text, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint;
      RETURN;
    END IF;
    UPDATE budget_holder SET there_until = instant + lease, asked = number WHERE holder = me;
  ELSE
    INSERT INTO budget_holder VALUES (me, my_worker, instant + lease, number);
    -- Processes before, under this worker's name, are over.
    UPDATE budget_holder SET there_until = instant WHERE worker = my_worker AND holder <> me AND there_until > instant;
    DELETE FROM budget_holder WHERE holder IN (
      SELECT holder FROM budget_holder WHERE there_until < instant - interval '10 minutes' FOR UPDATE SKIP LOCKED);
  END IF;
  FOR ask IN
    SELECT * FROM jsonb_to_recordset(asks) AS a(key text, most bigint, step bigint, lasts bigint, want bigint, need bigint,
      draining bigint[], begun bigint, last boolean)
    ORDER BY key COLLATE "C"
  LOOP
    LOOP
      SELECT day, taken INTO day_now, taken_now FROM budget WHERE key = ask.key FOR UPDATE;
      EXIT WHEN FOUND;
      INSERT INTO budget (key, day) VALUES (ask.key, '-infinity') ON CONFLICT DO NOTHING;
    END LOOP;
    instant := budget_now();
    -- Google's days begin at midnight there.
    today := (instant AT TIME ZONE 'America/Los_Angeles')::date;
    IF day_now <> today THEN taken_now := 0; END IF;
    IF ask.begun > 0 THEN
      taken_now := taken_now + ask.begun;
      UPDATE budget SET day = today, taken = taken_now WHERE key = ask.key;
    END IF;
    SELECT * INTO mine FROM budget_slice WHERE key = ask.key AND holder = me;
    SELECT least(ask.most, min(s.most) FILTER (WHERE h.there_until > instant)),
           coalesce(sum(budget_counts(s, h.there_until, instant)), 0),
           coalesce(sum(budget_counts(s, h.there_until, instant)) FILTER (WHERE h.there_until <= instant), 0),
           count(*) FILTER (WHERE h.there_until > instant) + 1
      INTO limit_now, of_others, left_over, those_there
      FROM budget_slice s JOIN budget_holder h USING (holder) WHERE s.key = ask.key AND s.holder <> me;
    -- As much for each as it needs, and where that is too much, the same for all: what one does not need goes to the others.
    -- For us: as much as we could have, whatever we need now.
    -- The rest of the division goes to whoever had nothing for longest.
    left_over := greatest(0, limit_now - left_over);
    those_left := those_there;
    holders := '{}';
    entitlements := '{}';
    FOR other IN
      SELECT s.holder, s.need, CASE WHEN s.units >= s.step THEN instant ELSE s.had_at END AS had
        FROM budget_slice s JOIN budget_holder h USING (holder)
        WHERE s.key = ask.key AND s.holder <> me AND h.there_until > instant
      UNION ALL SELECT me, limit_now, CASE WHEN mine.units >= ask.step THEN instant ELSE coalesce(mine.had_at, instant) END
      ORDER BY 2, 3 DESC, 1
    LOOP
      entitled := least(other.need, left_over / those_left / ask.step * ask.step);
      left_over := left_over - entitled;
      those_left := those_left - 1;
      holders := holders || other.holder;
      entitlements := entitlements || entitled;
      IF other.holder = me THEN fair_now := entitled; END IF;
    END LOOP;
    granted := greatest(
      least(ask.want, coalesce(mine.units, 0)),
      least(ask.want, fair_now, greatest(0, limit_now - of_others)));
    IF ask.last AND granted = 0 THEN
      DELETE FROM budget_slice WHERE key = ask.key AND holder = me;
    ELSE
      INSERT INTO budget_slice AS s VALUES (ask.key, me, ask.most, ask.step, ask.lasts, granted, ask.need, ask.draining, instant, instant, NULL)
      ON CONFLICT (key, holder) DO UPDATE SET most = ask.most, units = granted, need = ask.need, draining = ask.draining, said_at = instant,
        had_at = CASE WHEN s.units >= ask.step OR granted >= ask.step THEN instant ELSE s.had_at END,
        -- What was asked for when we seemed to need less is ours again.
        give_back = CASE WHEN granted > s.give_back AND granted > least(fair_now, ask.need) THEN s.give_back END;
    END IF;
    IF granted < ask.need THEN
      UPDATE budget_slice s SET give_back = e.goal
        FROM (SELECT holder, greatest(entitled, o.units - (ask.need - granted)) AS goal
              FROM unnest(holders, entitlements) AS u(holder, entitled) JOIN budget_slice o USING (holder)
              WHERE o.key = ask.key AND o.holder <> me) AS e
        WHERE s.key = ask.key AND s.holder = e.holder AND s.units > e.goal AND s.give_back IS DISTINCT FROM e.goal;
    END IF;
    RETURN QUERY SELECT ask.key, granted, fair_now,
      (SELECT s.give_back FROM budget_slice s WHERE s.key = ask.key AND s.holder = me), taken_now,
      (extract(epoch FROM (today + 1)::timestamp AT TIME ZONE 'America/Los_Angeles' - instant) * 1000)::bigint;
  END LOOP;
  RETURN QUERY SELECT s.key, NULL::bigint, NULL::bigint, s.give_back, NULL::bigint, NULL::bigint
    FROM budget_slice s WHERE s.holder = me AND s.give_back IS NOT NULL
      AND NOT EXISTS (SELECT FROM jsonb_array_elements(asks) a WHERE a ->> 'key' = s.key);
  -- It took so long that others may have taken us for dead: nothing of it holds.
  IF budget_now() > was.there_until - interval '1 second' THEN
    RAISE EXCEPTION 'the question was answered too late' USING ERRCODE = 'serialization_failure';
  END IF;
END $$;
`
