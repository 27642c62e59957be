-- Limits of their own of a token and of an organization; null goes by the server's settings.
ALTER TABLE "api_token" ADD COLUMN "limits" JSONB;
ALTER TABLE "organization" ADD COLUMN "limits" JSONB;

-- Entries recorded under a quota: by whom, on which day, through which server. Each server writes its own total, again and
-- again, on its own page.
CREATE TABLE "entry_count" (
    "organization_id" INTEGER NOT NULL,
    "subject" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "server_id" UUID NOT NULL,
    "entries" BIGINT NOT NULL,

    CONSTRAINT "entry_count_pkey" PRIMARY KEY ("organization_id","subject","day","server_id")
) WITH (fillfactor = 50);

ALTER TABLE "entry_count" ADD CONSTRAINT "entry_count_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
