# The server with everything it needs; the embedded PostgreSQL included, for where no DATABASE_URL is set.
# docs/operations.md says how to run it; test/interop/image.test.ts runs these steps in a clean directory.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY . .
# Installs what the lock file names and generates what is derived; then drops what only the build needed.
RUN node scripts/prepare.mjs
RUN npm prune --omit=dev --no-audit --no-fund
# npm keeps TypeScript, which Prisma would take if it were there; nothing that runs needs it.
RUN rm -rf node_modules/typescript node_modules/@typescript
# Owned by root and read-only for the server; only /data is its own.
RUN rm -rf test scripts codegen.ts tsconfig.json biome.json vitest*.ts && mkdir -p /data && chown 1000:1000 /data

FROM node:24-bookworm-slim
WORKDIR /app
COPY --from=build /app /app
COPY --from=build --chown=1000:1000 /data /data
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000 DATA_DIRECTORY=/data DEMO=off
# `node` of the base image; PostgreSQL refuses root, and a user without a name.
USER 1000:1000
VOLUME /data
EXPOSE 4000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "bin/healthcheck.mjs"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
