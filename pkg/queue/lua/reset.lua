-- Puts the cursor somewhere, unless a newer pusher is at work.
-- KEYS: 1 cursor (hash: epoch, slot)
-- ARGV: 1 epoch   2 slot
-- Returns {1} if done, {0} if the epoch is stale.
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if epoch and tonumber(ARGV[1]) < tonumber(epoch) then return {0} end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'slot', ARGV[2])
return {1}
