-- Puts checks on the urgent stream.
-- KEYS: 1 urgent (stream)   2 ledger (hash)
-- ARGV: 1 field of the body   2... bodies
-- Returns {how many}.
for i = 2, #ARGV do
  redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[i])
end
redis.call('HINCRBY', KEYS[2], 'urgent_scheduled', #ARGV - 1)
return {#ARGV - 1}
