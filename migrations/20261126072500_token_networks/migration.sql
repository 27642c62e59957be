-- From where a token may be used; empty is from anywhere. A server of before this migration does not ask.
ALTER TABLE "api_token" ADD COLUMN "networks" TEXT[] DEFAULT ARRAY[]::TEXT[];
