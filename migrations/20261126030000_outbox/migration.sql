-- Entries that tell of changes, written in the transaction of the change, until the log has them.
CREATE TABLE "outbox" (
    "id" BIGSERIAL NOT NULL,
    "organization_id" INTEGER NOT NULL,
    -- As text: what the log is given again must be what it was given first, to the last character.
    "entries" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "outbox_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "outbox_organization_id_id_idx" ON "outbox"("organization_id", "id");
ALTER TABLE "outbox" ADD CONSTRAINT "outbox_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
