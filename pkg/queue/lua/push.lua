-- Puts one slot on the checks stream, exactly once.
-- KEYS: 1 cursor (hash: epoch, slot)   2 checks (stream)   3 ledger (hash)
-- ARGV: 1 epoch   2 cursor that the pusher goes on from   3 slot   4 missed   5 field of the body   6... bodies
-- Returns {status, epoch, cursor}: 1 accepted, 0 the slot is not after the cursor,
-- -1 the epoch is stale, -2 the cursor is not where the pusher thinks.
local stored = redis.call('HMGET', KEYS[1], 'epoch', 'slot')
local epoch, cursor = stored[1] or '0', stored[2] or '0'
if tonumber(ARGV[1]) < tonumber(epoch) then return {-1, epoch, cursor} end
if tonumber(ARGV[3]) <= tonumber(cursor) then return {0, epoch, cursor} end
if tonumber(ARGV[2]) ~= tonumber(cursor) then return {-2, epoch, cursor} end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'slot', ARGV[3])
if redis.call('HEXISTS', KEYS[3], 'begun') == 0 then
  local t = redis.call('TIME')
  redis.call('HSET', KEYS[3], 'begun', string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000)))
end
local checks, field = KEYS[2], ARGV[5]
for i = 6, #ARGV do
  redis.call('XADD', checks, '*', field, ARGV[i])
end
if #ARGV > 5 then redis.call('HINCRBY', KEYS[3], 'scheduled', #ARGV - 5) end
if tonumber(ARGV[4]) > 0 then redis.call('HINCRBY', KEYS[3], 'missed', ARGV[4]) end
return {1, ARGV[1], ARGV[3]}
