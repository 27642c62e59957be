-- Filters that have a name, of a person or shared with roles.
CREATE TABLE "saved_view" (
    "id" UUID NOT NULL,
    "organization_id" INTEGER NOT NULL,
    "owner_id" TEXT NOT NULL,
    "owner_issuer" UUID,
    "owner_name" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    -- As text: it comes back as it was given.
    "filter" JSON,
    "period" JSON,
    "order_field" TEXT NOT NULL,
    "direction" TEXT NOT NULL,
    "columns" TEXT[],
    "roles" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "saved_view_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "saved_view_organization_id_id_idx" ON "saved_view"("organization_id", "id");
ALTER TABLE "saved_view" ADD CONSTRAINT "saved_view_organization_id_fkey" FOREIGN KEY ("organization_id") REFERENCES "organization"("id") ON DELETE CASCADE ON UPDATE CASCADE;
