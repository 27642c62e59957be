-- A token may have two secrets for a while. A server of before this migration knows the newest alone.
ALTER TABLE "api_token" ADD COLUMN "secret_number" INTEGER NOT NULL DEFAULT 1,
ADD COLUMN "rotated_at" TIMESTAMPTZ(3),
ADD COLUMN "previous_hash" BYTEA,
ADD COLUMN "previous_prefix" TEXT,
ADD COLUMN "previous_ends_at" TIMESTAMPTZ(3);

-- Partial: few tokens have one.
CREATE UNIQUE INDEX "api_token_previous_hash_key" ON "api_token"("previous_hash") WHERE "previous_hash" IS NOT NULL;
