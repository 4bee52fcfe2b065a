#!/bin/bash
# Boots systemd as the first process of namespaces of its own over a copy-on-write view of this machine's root, or of the
# one that $HIKYAKU_ROOT names: what it writes lies in FOLDER/upper, nothing of this machine changes. systemd-machine.ts calls it as root:
#   systemd-machine.sh enter FOLDER NAME [PATH:PLACE...]
# FOLDER/upper and FOLDER/work exist; NAME is for its control groups; every PATH of this machine is shown
# read-only at PLACE; /tmp is empty. The network stays this machine's.
set -euo pipefail
step=$1 folder=$2 name=$3
shift 3
# Every hierarchy there is: systemd mounts by itself what it is not given, and two machines that share one undo each
# other's groups there (a service refused /dev/null by the device list of the other machine's service of that name).
hierarchies=(/sys/fs/cgroup)
if [ ! -f /sys/fs/cgroup/cgroup.controllers ]; then
  hierarchies=()
  for procs in /sys/fs/cgroup/*/cgroup.procs; do
    # Of two names for one hierarchy (cpu and cpu,cpuacct), the one that is no link.
    [ -L "${procs%/cgroup.procs}" ] || hierarchies+=("${procs%/cgroup.procs}")
  done
fi

if [ "$step" = enter ]; then
  for hierarchy in "${hierarchies[@]}"; do
    # Where none can be made, systemd makes none either.
    mkdir "$hierarchy/$name" 2>/dev/null || [ -d "$hierarchy/$name" ] || continue
    for inherited in cpuset.cpus cpuset.mems; do
      # A new group of this controller has neither, and takes no process until it has.
      [ ! -f "$hierarchy/$inherited" ] || cat "$hierarchy/$inherited" >"$hierarchy/$name/$inherited"
    done
    echo $$ >"$hierarchy/$name/cgroup.procs"
  done
  # A new view of the control groups, whose top is the group just entered.
  exec unshare --cgroup --fork --pid --mount --uts --ipc --kill-child "$0" boot "$folder" "$name" "$@"
fi

mount --make-rprivate /
root=$folder/root shown=$folder/shown
mkdir -p "$root" "$shown"
for path in "$@"; do
  mkdir -p "$shown${path##*:}"
  mount --bind "${path%:*}" "$shown${path##*:}"
done
mount -t overlay overlay -o "lowerdir=${HIKYAKU_ROOT:-/},upperdir=$folder/upper,workdir=$folder/work" "$root"
cd "$root"

mount -t proc -o nosuid,nodev,noexec proc proc
# The kernel's settings belong to this machine.
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 sys/fs/cgroup
else
  mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
  mkdir sys/fs/cgroup/{systemd,memory,pids}
  mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
  mount -t cgroup -o memory cgroup sys/fs/cgroup/memory
  mount -t cgroup -o pids cgroup sys/fs/cgroup/pids
fi

mount -t tmpfs -o mode=755,nosuid tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"; done
mknod -m 666 dev/tty c 5 0
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
for path in "$@"; do
  place=${path##*:}
  mkdir -p "$root$place"
  mount --move "$shown$place" "$root$place"
  mount -o remount,bind,ro "$root$place"
done

mkdir -p old
pivot_root . old
umount -l /old
# As at a real start, and needed: credentials reach a service by a mount that spreads.
mount --make-rshared /
exec env -i container=unshare PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --unit=multi-user.target
