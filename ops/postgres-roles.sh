#!/bin/sh
# Makes the two roles and the database of Annals in an empty PostgreSQL. The image `postgres` runs it once, at its first start,
# from /docker-entrypoint-initdb.d; elsewhere run it where psql connects as a superuser.
# ANNALS_OWNER_PASSWORD: of annals_owner, which owns the schema and migrates.
# ANNALS_PASSWORD: of annals, which serves: it reads, and appends through functions.
set -eu
: "${ANNALS_OWNER_PASSWORD:?is not set}" "${ANNALS_PASSWORD:?is not set}"

# Passed as variables and quoted by psql: a password may hold any character, and is on no command line.
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="${POSTGRES_USER:-postgres}" --dbname="${POSTGRES_DB:-postgres}" <<'SQL'
\getenv owner_password ANNALS_OWNER_PASSWORD
\getenv password ANNALS_PASSWORD
CREATE ROLE annals_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE annals LOGIN PASSWORD :'password';
CREATE DATABASE annals OWNER annals_owner ENCODING 'UTF8' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C';
REVOKE ALL ON DATABASE annals FROM PUBLIC;
SQL
