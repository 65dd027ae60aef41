-- Remembers a region that announced itself, up to a bound.
-- KEYS: 1 regions (set)
-- ARGV: 1 region   2 most regions to remember
-- Returns {1} if it is remembered, {0} if there are too many.
if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return {1} end
if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return {0} end
redis.call('SADD', KEYS[1], ARGV[1])
return {1}
