-- The name by which the product itself keeps a directory, apart from the one by which an entry first called it: who may not
-- see that entry must not learn its words. `name` stays the newest known. For the directories that are there it is not known
-- which of the two their name is; the product’s next synchronization says.
ALTER TABLE "directory" ADD COLUMN "kept_name" TEXT;
