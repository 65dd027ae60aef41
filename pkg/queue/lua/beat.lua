-- Says that a consumer lives, and forgets those silent for long.
-- KEYS: 1 alive (sorted set: consumer by ms of its last beat)   2 workers (hash)
-- ARGV: 1 consumer   2 what a worker says of itself, or ""   3 ms after which one is forgotten
-- Returns {now in ms}.
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
if ARGV[2] ~= '' then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]), 'LIMIT', 0, 10)
for _, name in ipairs(gone) do
  redis.call('ZREM', KEYS[1], name)
  redis.call('HDEL', KEYS[2], name)
end
return {now}
