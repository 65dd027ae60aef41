-- Puts checks on the urgent stream.
-- KEYS: 1 urgent (stream)   2 ledger (hash)
-- ARGV: 1 field of the body   2... bodies
-- Returns {how many}.
for i = 2, #ARGV do
  redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[i])
end
if redis.call('HEXISTS', KEYS[2], 'begun') == 0 then
  local t = redis.call('TIME')
  redis.call('HSET', KEYS[2], 'begun', string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)))
end
redis.call('HINCRBY', KEYS[2], 'urgent_scheduled', #ARGV - 1)
return {#ARGV - 1}
