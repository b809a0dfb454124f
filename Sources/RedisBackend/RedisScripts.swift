internal import Bytes

/// The Lua scripts that write a value with its version (state.md §14 of the specification): what they
/// do to a hash is what Dapr's do, so that both may share one Redis. The error is raised in line 14,
/// where Dapr's text has it.
enum RedisScripts {
    /// KEYS[1] the key; ARGV[1] the etag or 0, ARGV[2] the value, ARGV[3] 0 for a first write.
    static let set = ByteSlice(
        utf8: """
            local version = redis.pcall("HGET", KEYS[1], "version")
            if type(version) == "table" then
              redis.call("DEL", KEYS[1])
              version = false
            end
            local flagged = redis.call("HGET", KEYS[1], "first-write")
            if not version or version == "" or version == ARGV[1]
               or (not flagged and ARGV[1] == "0") then
              redis.call("HSET", KEYS[1], "data", ARGV[2])
              if ARGV[3] == "0" then redis.call("HSET", KEYS[1], "first-write", 0) end
              return redis.call("HINCRBY", KEYS[1], "version", 1)
            else
              -- not allowed: the etag is another, or a first write has flagged the key
              return error("failed to set key " .. KEYS[1])
            end
            """)

    /// KEYS[1] the key; ARGV[1] the etag or 0.
    static let delete = ByteSlice(
        utf8: """
            local version = redis.pcall("HGET", KEYS[1], "version")
            if not version or type(version) == "table" or version == ""
               or version == ARGV[1] or ARGV[1] == "0" then
              return redis.call("DEL", KEYS[1])
            else
              return error("failed to delete " .. KEYS[1])
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
