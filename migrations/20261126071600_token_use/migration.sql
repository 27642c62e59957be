-- When each token was last used. A table of its own, beside the one that every request reads: its rows are updated again and
-- again, on their own page and without an index on what changes, so that nothing of it bloats.
CREATE TABLE "token_use" (
    "token_id" UUID NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL,
    "last_used_from" INET,

    CONSTRAINT "token_use_pkey" PRIMARY KEY ("token_id")
) WITH (fillfactor = 50);

ALTER TABLE "token_use" ADD CONSTRAINT "token_use_token_id_fkey" FOREIGN KEY ("token_id") REFERENCES "api_token"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "token_use" ADD CONSTRAINT "token_use_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
