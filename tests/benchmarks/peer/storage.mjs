// What node-oidc-provider keeps, in one PostgreSQL table, by prepared statements: each call is one
// statement and one transaction, durable when it is answered.
import pg from 'pg';

const TABLE = `
  CREATE TABLE IF NOT EXISTS kept (
    model text, id text, said text NOT NULL, until integer,
    grant_id text, uid text, user_code text, used integer,
    PRIMARY KEY (model, id));
  CREATE INDEX IF NOT EXISTS kept_grant ON kept (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX IF NOT EXISTS kept_uid ON kept (uid) WHERE uid IS NOT NULL;
  CREATE INDEX IF NOT EXISTS kept_code ON kept (user_code) WHERE user_code IS NOT NULL`;

const KEEP = `
  INSERT INTO kept (model, id, said, until, grant_id, uid, user_code)
  VALUES ($1, $2, $3, $4, $5, $6, $7)
  ON CONFLICT (model, id) DO UPDATE SET said = excluded.said, until = excluded.until,
    grant_id = excluded.grant_id, uid = excluded.uid, user_code = excluded.user_code`;

const findBy = (column) => `SELECT said, until, used FROM kept WHERE model = $1 AND ${column} = $2`;

const seconds = () => Math.floor(Date.now() / 1000);

export async function openStorage(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 10 });
  await pool.query(TABLE);
  const ask = (name, text, ...values) => pool.query({ name, text, values });

  return class Kept {
    constructor(model) {
      this.model = model;
    }

    async upsert(id, said, lasts) {
      const until = lasts ? seconds() + lasts : null;
      await ask('keep', KEEP, this.model, id, JSON.stringify(said), until, said.grantId, said.uid, said.userCode);
    }

    async #read(column, value) {
      const { rows } = await ask(`by ${column}`, findBy(column), this.model, value);
      const [row] = rows;
      if (!row || (row.until && row.until <= seconds())) return undefined;
      const said = JSON.parse(row.said);
      return row.used ? { ...said, consumed: row.used } : said;
    }

    find(id) {
      return this.#read('id', id);
    }

    findByUid(uid) {
      return this.#read('uid', uid);
    }

    findByUserCode(code) {
      return this.#read('user_code', code);
    }

    async consume(id) {
      await ask('use', 'UPDATE kept SET used = $3 WHERE model = $1 AND id = $2', this.model, id, seconds());
    }

    async destroy(id) {
      await ask('drop', 'DELETE FROM kept WHERE model = $1 AND id = $2', this.model, id);
    }

    async revokeByGrantId(grant) {
      await ask('revoke', 'DELETE FROM kept WHERE grant_id = $1', grant);
    }
  };
}
