-- A consumer says goodbye. It stays in a group in which it still has pending entries:
-- deleting it would lose them.
-- KEYS: 1 alive (sorted set)   2 workers (hash)   3... streams
-- ARGV: 1 group   2 consumer   3 its name in alive and workers
-- Returns {pending entries left behind}.
redis.call('ZREM', KEYS[1], ARGV[3])
redis.call('HDEL', KEYS[2], ARGV[3])
local left = 0
for i = 3, #KEYS do
  local mine = redis.pcall('XPENDING', KEYS[i], ARGV[1], '-', '+', 1000, ARGV[2])
  if not mine.err then
    left = left + #mine
    if #mine == 0 then redis.pcall('XGROUP', 'DELCONSUMER', KEYS[i], ARGV[1], ARGV[2]) end
  end
end
return {left}
