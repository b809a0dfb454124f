internal import Bytes

/// The Lua scripts that write a value with its version (state.md §14 of the specification): what they
/// do to a hash is what Dapr's do, so that both may share one Redis. Errors are raised in the lines where
/// Dapr's texts have them: 14 and 6.
///
/// `deadline`, which Dapr does not look at, is when a value expires by a clock that is not the
/// system's, in milliseconds since 1970: a value whose time has come counts as absent.
enum RedisScripts {
    /// KEYS[1] the key; ARGV[1] the etag or 0, ARGV[2] the value, ARGV[3] 0 for a first write,
    /// ARGV[4] the time it is, ARGV[5] the deadline: empty to leave it as it is, 0 for none.
    static let set = ByteSlice(
        utf8: """
            local found = redis.pcall("HMGET", KEYS[1], "version", "first-write", "deadline")
            local deadline = tonumber(found[3])
            if found.err or (deadline and deadline <= tonumber(ARGV[4])) then
              redis.call("DEL", KEYS[1])
              found = {}
            end
            local version, flagged = found[1], found[2]
            local isFree = not version or version == "" or version == ARGV[1]
              or (not flagged and ARGV[1] == "0")
            if not isFree then
              -- the etag is another, or a first write has flagged the key
              -- .
              -- .
              return error("failed to set key " .. KEYS[1])
            end
            redis.call("HSET", KEYS[1], "data", ARGV[2])
            if ARGV[3] == "0" then redis.call("HSET", KEYS[1], "first-write", 0) end
            if ARGV[5] == "0" then
              if found[3] then redis.call("HDEL", KEYS[1], "deadline") end
            elseif ARGV[5] ~= "" then
              redis.call("HSET", KEYS[1], "deadline", ARGV[5])
            end
            return redis.call("HINCRBY", KEYS[1], "version", 1)
            """)

    /// KEYS[1] the key; ARGV[1] the etag or 0, ARGV[2] the time it is.
    static let delete = ByteSlice(
        utf8: """
            local found = redis.pcall("HMGET", KEYS[1], "version", "deadline")
            local version, deadline = found[1], tonumber(found[2])
            if deadline and deadline <= tonumber(ARGV[2]) then version = false end
            if version and version ~= "" and version ~= ARGV[1] and ARGV[1] ~= "0" then
              -- the etag is another
              return error("failed to delete " .. KEYS[1])
            end
            return redis.call("DEL", KEYS[1])
            """)

    /// KEYS some keys; ARGV[1] the time it is. Moves what is left of Redis's own expiries into
    /// deadlines.
    static let toDeadlines = ByteSlice(
        utf8: """
            for _, key in ipairs(KEYS) do
              local rest = redis.call("PTTL", key)
              local version = rest >= 0 and redis.pcall("HGET", key, "version")
              if type(version) == "string" then
                redis.call("HSET", key, "deadline", string.format("%.0f", ARGV[1] + rest))
                redis.call("PERSIST", key)
              end
            end
            """)

    /// KEYS some keys; ARGV[1] the time it is. Moves deadlines back into Redis's own expiries.
    static let toExpiries = ByteSlice(
        utf8: """
            for _, key in ipairs(KEYS) do
              local deadline = redis.pcall("HGET", key, "deadline")
              deadline = type(deadline) == "string" and tonumber(deadline)
              if deadline then
                redis.call("HDEL", key, "deadline")
                redis.call("PEXPIRE", key, string.format("%.0f", math.max(0, deadline - ARGV[1])))
              end
            end
            """)

    /// Removes keys, all at once. ARGV[1] the pattern of the keys; ARGV[2] 1 when what others keep
    /// there is to stay: all but values of Dapr's whose key has no prefix.
    static let clear = ByteSlice(
        utf8: """
            -- before Redis 7 a script that scans may write only when its effects are replicated
            if redis.replicate_commands then redis.replicate_commands() end
            local function isBareValue(key)
              return not string.find(key, "||", 1, true)
                and redis.call("TYPE", key).ok == "hash"
                and redis.call("HEXISTS", key, "data") == 1
                and redis.call("HEXISTS", key, "version") == 1
            end
            local cursor = "0"
            repeat
              local found = redis.call("SCAN", cursor, "MATCH", ARGV[1], "COUNT", 1000)
              cursor = found[1]
              for _, key in ipairs(found[2]) do
                if ARGV[2] ~= "1" or isBareValue(key) then redis.call("UNLINK", key) end
              end
            until cursor == "0"
            return redis.status_reply("OK")
            """)
}
