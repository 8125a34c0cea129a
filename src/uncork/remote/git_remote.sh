# Makes a repository ($1) whose branch $2 is deployed by the hook that comes on standard input.
set -e
command -v git >/dev/null || exit 90
[ -d "$1/objects" ] || git init --quiet --bare "$1"
git -C "$1" symbolic-ref HEAD "refs/heads/$2"
mkdir -p "$1/hooks"
cat > "$1/hooks/pre-receive.new"
chmod 755 "$1/hooks/pre-receive.new"
mv "$1/hooks/pre-receive.new" "$1/hooks/pre-receive"
