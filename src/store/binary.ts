/** PostgreSQL’s types in its binary formats. */

/** Their object ids. */
export const oid = {
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  inet: 869,
  timestamptz: 1184,
  uuid: 2950,
  jsonb: 3802,
} as const;

/** 2000-01-01, from where PostgreSQL counts microseconds, in milliseconds since 1970. */
export const epoch = Date.UTC(2000, 0, 1);
