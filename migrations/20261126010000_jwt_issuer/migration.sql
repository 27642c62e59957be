-- Who may mint JSON Web Tokens for an organization, and with which keys.
CREATE TABLE "jwt_issuer" (
    "id" UUID NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "audience" TEXT NOT NULL,
    "algorithms" TEXT[],
    "keys" JSONB,
    "secrets" BYTEA[],
    "address" TEXT,
    "roles" TEXT[],
    "stored_members" BOOLEAN NOT NULL,
    "lifetime_seconds" INTEGER NOT NULL,
    "version" INTEGER NOT NULL DEFAULT 1,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "removed_at" TIMESTAMPTZ(3),

    CONSTRAINT "jwt_issuer_pkey" PRIMARY KEY ("id"),
    -- One kind of key at a time: a public key is never taken for a secret.
    CONSTRAINT "jwt_issuer_keys" CHECK ("removed_at" IS NOT NULL OR num_nonnulls("keys", "secrets", "address") = 1),
    -- The secrets of a removed issuer are of no use any more.
    CONSTRAINT "jwt_issuer_removed" CHECK ("removed_at" IS NULL OR "secrets" IS NULL)
);

-- Partial: a removed issuer stays, so that tokens of it are known for what they are; another may take its place.
CREATE UNIQUE INDEX "jwt_issuer_organization_id_issuer_key" ON "jwt_issuer"("organization_id", "issuer") WHERE ("removed_at" IS NULL);
CREATE INDEX "jwt_issuer_organization_id_issuer_idx" ON "jwt_issuer"("organization_id", "issuer");

ALTER TABLE "jwt_issuer" ADD CONSTRAINT "jwt_issuer_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
