/**
 * The tables of a fleet's directory: tenants, their Gmail accounts and mailboxes, their sealed secrets, and the audit.
 *
 * Whatever follows from a change follows by trigger, in its transaction, whoever made it and by whatever way: workers are
 * offered the mailbox or lose it, a row of the audit is written, and those who listen are told (NOTIFY fleet_changed).
 * The functions run as their owner, so that who may change a mailbox need not be let into the audit or the holds.
 */

const name = (most: number): string =>
  `text COLLATE "C" NOT NULL CHECK (name ~ '^[a-z0-9][a-z0-9._@-]*$' AND length(name) <= ${most})`

/** Which keys are not the same in both; all of what there is, where there is one only. */
const keysOf = (before: string, after: string): string => `
  (SELECT coalesce(jsonb_agg(key ORDER BY key), '[]') FROM (
    SELECT key FROM jsonb_each(${after}) AS after LEFT JOIN jsonb_each(${before}) AS prior USING (key)
      WHERE after.value IS DISTINCT FROM prior.value
    UNION SELECT key FROM jsonb_each(${before}) AS prior LEFT JOIN jsonb_each(${after}) AS after USING (key)
      WHERE after.value IS NULL) AS changed)`

const triggerFunction = (called: string, declarations: string, body: string): string => `
CREATE FUNCTION ${called}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
${declarations}BEGIN
${body}
  RETURN NULL;
END $$;
`

/** @param onRemoval what becomes of its hold when a mailbox is removed */
const memberChanged = (onRemoval: string): string => `  IF TG_OP = 'INSERT' THEN
    INSERT INTO fleet_audit (tenant, kind, name, act, keys)
      VALUES (NEW.tenant, 'mailbox', NEW.name, 'added', ${keysOf(`'{}'::jsonb`, 'NEW.settings')});
    IF NOT NEW.paused THEN
      INSERT INTO hold (mailbox) VALUES (NEW.key) ON CONFLICT (mailbox) DO UPDATE SET withdrawn = 0;
    END IF;
    PERFORM pg_notify('fleet_changed', NEW.key);
    RETURN NULL;
  END IF;
  IF TG_OP = 'DELETE' THEN
    INSERT INTO fleet_audit (tenant, kind, name, act) VALUES (OLD.tenant, 'mailbox', OLD.name, 'removed');
    ${onRemoval}
    PERFORM pg_notify('fleet_changed', OLD.key);
    RETURN NULL;
  END IF;
  IF NEW.key <> OLD.key OR NEW.account <> OLD.account THEN
    INSERT INTO fleet_audit (tenant, kind, name, act, keys)
      VALUES (OLD.tenant, 'mailbox', OLD.name, 'moved', jsonb_build_array(NEW.key, NEW.account));
    IF NEW.tenant <> OLD.tenant THEN
      INSERT INTO fleet_audit (tenant, kind, name, act, keys)
        VALUES (NEW.tenant, 'mailbox', NEW.name, 'moved', jsonb_build_array(NEW.key, NEW.account));
    END IF;
  END IF;
  IF NEW.paused <> OLD.paused THEN
    INSERT INTO fleet_audit (tenant, kind, name, act)
      VALUES (NEW.tenant, 'mailbox', NEW.name, CASE WHEN NEW.paused THEN 'paused' ELSE 'resumed' END);
  END IF;
  IF NEW.settings <> OLD.settings THEN
    INSERT INTO fleet_audit (tenant, kind, name, act, keys)
      VALUES (NEW.tenant, 'mailbox', NEW.name, 'changed', ${keysOf('OLD.settings', 'NEW.settings')});
  END IF;
  IF NEW.key <> OLD.key THEN DELETE FROM hold WHERE mailbox = OLD.key; END IF;
  IF NEW.key <> OLD.key OR NEW.paused <> OLD.paused THEN
    -- Its worker ends what it has begun, and gives it back.
    IF NEW.paused THEN UPDATE hold SET withdrawn = 1 WHERE mailbox = NEW.key;
    ELSE INSERT INTO hold (mailbox) VALUES (NEW.key) ON CONFLICT (mailbox) DO UPDATE SET withdrawn = 0;
    END IF;
  END IF;
  IF NEW.key <> OLD.key THEN PERFORM pg_notify('fleet_changed', OLD.key); END IF;
  IF NEW IS DISTINCT FROM OLD THEN PERFORM pg_notify('fleet_changed', NEW.key); END IF;`

export const fleetTables = `
CREATE TABLE tenant (
  name ${name(64)} PRIMARY KEY,
  data_key text,
  key_id text,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE fleet_account (
  tenant text COLLATE "C" NOT NULL REFERENCES tenant,
  name ${name(128)},
  settings jsonb NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, name)
);
CREATE TABLE member (
  key text COLLATE "C" GENERATED ALWAYS AS (tenant || '/' || name) STORED UNIQUE,
  tenant text COLLATE "C" NOT NULL REFERENCES tenant,
  name ${name(128)},
  account text COLLATE "C" NOT NULL,
  settings jsonb NOT NULL,
  paused boolean NOT NULL DEFAULT false,
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant, name),
  FOREIGN KEY (tenant, account) REFERENCES fleet_account (tenant, name)
);
CREATE INDEX member_of_account ON member (tenant, account);
-- Further accounts, which its rules name.
CREATE TABLE member_account (
  tenant text COLLATE "C" NOT NULL,
  member text COLLATE "C" NOT NULL,
  account text COLLATE "C" NOT NULL,
  PRIMARY KEY (tenant, member, account),
  FOREIGN KEY (tenant, member) REFERENCES member (tenant, name) ON UPDATE CASCADE ON DELETE CASCADE,
  FOREIGN KEY (tenant, account) REFERENCES fleet_account (tenant, name)
);
CREATE INDEX member_account_of ON member_account (tenant, account);
-- What an operator gave.
CREATE TABLE fleet_secret (
  tenant text COLLATE "C" NOT NULL REFERENCES tenant,
  kind text COLLATE "C" NOT NULL CHECK (kind IN ('account', 'mailbox')),
  owner text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  destination text NOT NULL,
  sealed text NOT NULL,
  PRIMARY KEY (tenant, kind, owner, key)
);
-- What a provider gave a worker in the place of a secret: "instead" is that secret's digest.
CREATE TABLE fleet_renewed (
  tenant text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  owner text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  destination text NOT NULL,
  sealed text NOT NULL,
  PRIMARY KEY (tenant, kind, owner, key),
  FOREIGN KEY (tenant, kind, owner, key) REFERENCES fleet_secret ON DELETE CASCADE
);
CREATE TABLE fleet_audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  role text NOT NULL DEFAULT session_user,
  by text DEFAULT nullif(current_setting('hikyaku.as', true), ''),
  tenant text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  name text COLLATE "C" NOT NULL,
  act text NOT NULL,
  keys jsonb NOT NULL DEFAULT '[]',
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX fleet_audit_of ON fleet_audit (tenant, id);
CREATE INDEX fleet_audit_since ON fleet_audit (xid);
${triggerFunction('refuse_change', '', `  RAISE EXCEPTION 'the audit is only added to' USING ERRCODE = 'insufficient_privilege';`)}
CREATE TRIGGER fleet_audit_kept BEFORE UPDATE OR DELETE ON fleet_audit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER fleet_audit_whole BEFORE TRUNCATE ON fleet_audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
${triggerFunction(
  'tenant_changed',
  '',
  `  IF TG_OP = 'INSERT' THEN
    INSERT INTO fleet_audit (tenant, kind, name, act) VALUES (NEW.name, 'tenant', NEW.name, 'added');
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO fleet_audit (tenant, kind, name, act) VALUES (OLD.name, 'tenant', OLD.name, 'removed');
  ELSIF NEW.data_key IS DISTINCT FROM OLD.data_key OR NEW.key_id IS DISTINCT FROM OLD.key_id THEN
    INSERT INTO fleet_audit (tenant, kind, name, act, keys)
      VALUES (NEW.name, 'key', NEW.name, CASE WHEN OLD.data_key IS NULL THEN 'added' ELSE 'changed' END, jsonb_build_array(NEW.key_id));
  END IF;`,
)}
CREATE TRIGGER tenant_changed AFTER INSERT OR UPDATE OR DELETE ON tenant FOR EACH ROW EXECUTE FUNCTION tenant_changed();
CREATE FUNCTION tell_users_of(of_tenant text, of_account text) RETURNS void LANGUAGE sql AS $$
  SELECT pg_notify('fleet_changed', key) FROM member WHERE tenant = of_tenant AND (account = of_account
    OR EXISTS (SELECT FROM member_account AS further WHERE further.tenant = of_tenant
      AND further.member = member.name AND further.account = of_account))
$$;
${triggerFunction(
  'fleet_account_changed',
  '',
  `  IF TG_OP = 'DELETE' THEN
    INSERT INTO fleet_audit (tenant, kind, name, act) VALUES (OLD.tenant, 'account', OLD.name, 'removed');
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO fleet_audit (tenant, kind, name, act, keys)
      VALUES (NEW.tenant, 'account', NEW.name, 'added', ${keysOf(`'{}'::jsonb`, 'NEW.settings')});
  ELSIF NEW.settings <> OLD.settings OR NEW.name <> OLD.name OR NEW.tenant <> OLD.tenant THEN
    INSERT INTO fleet_audit (tenant, kind, name, act, keys)
      VALUES (NEW.tenant, 'account', NEW.name, 'changed', ${keysOf('OLD.settings', 'NEW.settings')});
    PERFORM tell_users_of(NEW.tenant, NEW.name);
  END IF;`,
)}
CREATE TRIGGER fleet_account_changed AFTER INSERT OR UPDATE OR DELETE ON fleet_account
  FOR EACH ROW EXECUTE FUNCTION fleet_account_changed();
${triggerFunction('member_changed', '', memberChanged('DELETE FROM hold WHERE mailbox = OLD.key;'))}
CREATE FUNCTION member_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE TRIGGER member_touched BEFORE UPDATE ON member FOR EACH ROW EXECUTE FUNCTION member_touched();
CREATE TRIGGER member_changed AFTER INSERT OR UPDATE OR DELETE ON member FOR EACH ROW EXECUTE FUNCTION member_changed();
${triggerFunction(
  'fleet_secret_changed',
  'DECLARE changed fleet_secret;\n',
  `  IF TG_OP = 'DELETE' THEN changed := OLD; ELSE changed := NEW; END IF;
  INSERT INTO fleet_audit (tenant, kind, name, act, keys)
    VALUES (changed.tenant, changed.kind, changed.owner, CASE TG_OP WHEN 'DELETE' THEN 'removed' ELSE 'changed' END,
      jsonb_build_array(changed.key));
  IF changed.kind = 'account' THEN PERFORM tell_users_of(changed.tenant, changed.owner);
  ELSE PERFORM pg_notify('fleet_changed', changed.tenant || '/' || changed.owner);
  END IF;`,
)}
CREATE TRIGGER fleet_secret_changed AFTER INSERT OR UPDATE OR DELETE ON fleet_secret
  FOR EACH ROW EXECUTE FUNCTION fleet_secret_changed();
-- Who sees which tenant, by the name that a role logs in with (roles.ts).
CREATE TABLE tenant_operator (
  role text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL REFERENCES tenant,
  PRIMARY KEY (role, tenant)
);
${triggerFunction(
  'tenant_operator_changed',
  '',
  `  IF TG_OP <> 'INSERT' THEN
    INSERT INTO fleet_audit (tenant, kind, name, act) VALUES (OLD.tenant, 'operator', OLD.role, 'removed');
  END IF;
  IF TG_OP <> 'DELETE' THEN
    INSERT INTO fleet_audit (tenant, kind, name, act) VALUES (NEW.tenant, 'operator', NEW.role, 'added');
  END IF;`,
)}
CREATE TRIGGER tenant_operator_changed AFTER INSERT OR UPDATE OR DELETE ON tenant_operator
  FOR EACH ROW EXECUTE FUNCTION tenant_operator_changed();
-- The tenant that this session has chosen, if it may see it: the setting alone is anybody's to change, the name of a login is not.
CREATE FUNCTION my_tenant() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS $$
  SELECT tenant FROM tenant_operator
  WHERE role = session_user::text AND tenant = current_setting('hikyaku.tenant', true)
$$;
DO $$
DECLARE called text;
BEGIN
  -- pg_temp last: a temporary table of somebody else must not stand for one of these (postgresql.org/docs/15/sql-createfunction.html).
  FOREACH called IN ARRAY ARRAY['refuse_change()', 'tenant_changed()', 'fleet_account_changed()', 'member_changed()',
    'fleet_secret_changed()', 'tenant_operator_changed()', 'my_tenant()'] LOOP
    EXECUTE format('ALTER FUNCTION %s SET search_path TO %I, pg_temp', called, current_schema());
  END LOOP;
END $$;
`

/**
 * Which of its tenants an operator sees is kept beside them: to set it with the login (`ALTER ROLE ... SET`) is a superuser's.
 * Whoever sets it in a session sees that one, if it may.
 */
export const operatorStep = `
ALTER TABLE tenant_operator ADD COLUMN chosen_at timestamptz NOT NULL DEFAULT clock_timestamp();
DROP TRIGGER tenant_operator_changed ON tenant_operator;
CREATE TRIGGER tenant_operator_changed AFTER INSERT OR DELETE OR UPDATE OF role, tenant ON tenant_operator
  FOR EACH ROW EXECUTE FUNCTION tenant_operator_changed();
CREATE OR REPLACE FUNCTION my_tenant() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS $$
  SELECT tenant FROM tenant_operator
  WHERE role = session_user::text AND tenant = coalesce(nullif(current_setting('hikyaku.tenant', true), ''), tenant)
  ORDER BY chosen_at DESC LIMIT 1
$$;
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION my_tenant() SET search_path TO %I, pg_temp', current_schema());
END $$;
`

/** Who holds a mailbox that is removed ends what it has begun, and gives it back, as where it is paused. */
export const removalStep = `
${triggerFunction(
  'member_changed',
  '',
  memberChanged(`UPDATE hold SET withdrawn = 1 WHERE mailbox = OLD.key AND worker IS NOT NULL;
    DELETE FROM hold WHERE mailbox = OLD.key AND worker IS NULL;`),
).replace('CREATE FUNCTION', 'CREATE OR REPLACE FUNCTION')}
DO $$
BEGIN
  EXECUTE format('ALTER FUNCTION member_changed() SET search_path TO %I, pg_temp', current_schema());
END $$;
`
