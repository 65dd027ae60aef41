-- Removes the entries of some monitors from one page of a stream, taken ones included
-- (their commit then counts nothing).
-- KEYS: 1 stream   2 ledger (hash)
-- ARGV: 1 group   2 where the page begins   3 its size   4 ledger's field   5... monitors, 16 bytes each
-- Returns {dropped, where the next page begins or ""}.
local wanted = {}
for i = 5, #ARGV do wanted[ARGV[i]] = true end
local page = redis.call('XRANGE', KEYS[1], ARGV[2], '+', 'COUNT', ARGV[3])
local dropped = 0
for _, e in ipairs(page) do
  -- A body begins with a tag and a length byte, then the monitor's id.
  if wanted[string.sub(e[2][2], 3, 18)] then
    redis.call('XACK', KEYS[1], ARGV[1], e[1])
    dropped = dropped + redis.call('XDEL', KEYS[1], e[1])
  end
end
if dropped > 0 then redis.call('HINCRBY', KEYS[2], ARGV[4], dropped) end
if #page < tonumber(ARGV[3]) then return {dropped, ''} end
return {dropped, '(' .. page[#page][1]}
