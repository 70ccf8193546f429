# exits.sh WINDOW FRAMES TENDER...: a guest behind tap0 that sends frames back, and what its machine does for
# so many of them. The kernel counts: a histogram for each of its trace points. As root, in a shell of any kind.
set -e
window=$1 frames=$2
shift 2
tracing=/sys/kernel/tracing
mounted=
if [ ! -d $tracing/events ]; then
  mount -t tracefs tracefs $tracing
  mounted=1
fi

load() { ./frame-load tap0 60 "$window" "$1" 1; }

points="kvm/kvm_exit kvm/kvm_userspace_exit kvm/kvm_pio raw_syscalls/sys_enter"
# `keys` of a trace point: what its histogram tells apart.
keys() {
  case $1 in
    */kvm_exit) echo exit_reason ;;
    */kvm_userspace_exit) echo reason ;;
    */kvm_pio) echo port ;;
    */sys_enter) echo id ;;
  esac
}

for point in $points; do
  [ -f $tracing/events/$point/trigger ] && continue
  echo "there is no trace point $point in $tracing" >&2
  exit 1
done

# Whatever happens, the kernel stops counting, and nothing runs on.
armed=
end() {
  for point in $armed; do
    echo "!hist:keys=$(keys "$point") if $only" >$tracing/events/$point/trigger || :
  done
  kill -KILL $tender 2>/dev/null || :
  wait $tender 2>/dev/null || :
  [ -z "$mounted" ] || umount $tracing
}

"$@" >guest.out 2>&1 &
tender=$!
trap end EXIT

# The guest is up when it answers.
load 640 >/dev/null || { cat guest.out >&2; exit 1; }
only=
for thread in /proc/$tender/task/*; do
  only="${only:+$only || }common_pid == ${thread##*/}"
done
for point in $points; do
  echo "hist:keys=$(keys "$point") if $only" >$tracing/events/$point/trigger || {
    echo "trace point $point takes no histogram" >&2
    exit 1
  }
  armed="$armed $point"
done
load "$frames"
for point in $points; do
  echo "point $point"
  cat $tracing/events/$point/hist
done
