-- Through whose hands a token came: external ids of members; null where that is not known. Of tokens that are there already
-- it is taken that an operator made them.
ALTER TABLE "api_token" ADD COLUMN "makers" TEXT[] DEFAULT ARRAY[]::TEXT[];
ALTER TABLE "api_token" ALTER COLUMN "makers" DROP DEFAULT;

-- What an organization asks for before an operation is carried out.
CREATE TABLE "guard" (
    "organization_id" INTEGER NOT NULL,
    "operation" TEXT NOT NULL,
    "delay_seconds" INTEGER NOT NULL,
    "second_person" BOOLEAN NOT NULL,

    CONSTRAINT "guard_pkey" PRIMARY KEY ("organization_id","operation")
);

-- Changes that were asked for and wait for time, or for another person; those that are over stay, without what was asked.
CREATE TABLE "pending_change" (
    "id" UUID NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "operations" TEXT[],
    "request" JSON,
    "request_hash" TEXT NOT NULL,
    "planned" JSON NOT NULL,
    "asked_by" JSON NOT NULL,
    "approvals" JSON NOT NULL DEFAULT '[]',
    "delay_seconds" INTEGER NOT NULL,
    "second_person" BOOLEAN NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL,
    "code" TEXT,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "pending_change_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "pending_change_organization_id_id_idx" ON "pending_change"("organization_id", "id");
CREATE INDEX "pending_change_open_idx" ON "pending_change"("due_at") WHERE ("state" = 'PENDING');

ALTER TABLE "guard" ADD CONSTRAINT "guard_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "pending_change" ADD CONSTRAINT "pending_change_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
