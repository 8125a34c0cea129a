# Appends lines of Apache's access log to the file `path`, opened for each line: so it may be renamed, and Apache need not
# be told, which would close its visitors' connections. Where there is nothing Apache has a dash, which is no JSON.
BEGIN { FS = "\t" }
{
    seconds = ($2 == "1" || $3 !~ /^[0-9]+$/) ? "null" : $3 "e-6"
    release = $4 ~ /^[0-9]+$/ ? $4 : "null"
    route = release == "null" ? "" : $5
    print $1 "\"upstream_seconds\":" seconds ",\"release\":" release ",\"route\":\"" route "\"," $6 >>path
    close(path)
}
