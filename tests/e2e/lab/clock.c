/* The time of day, as far off as the first 8 bytes of /etc/clock say; what counts from the boot is left alone.
   Compiled without headers, by tcc: what is called is declared here. */
struct timespec { long seconds, nanoseconds; };
struct timeval { long seconds, microseconds; };

int open(const char *path, int flags, ...);
int close(int file);
void *mmap(void *address, unsigned long length, int protection, int flags, int file, long offset);
void *dlsym(void *handle, const char *name);

static volatile long *shared;
static int (*real)(int, struct timespec *);

static long offset(void) {
    if (!real) real = dlsym((void *)-1L, "clock_gettime"); /* RTLD_NEXT */
    if (!shared) {
        int file = open("/etc/clock", 0);
        if (file < 0) return 0;
        void *found = mmap(0, 8, 1, 1, file, 0); /* PROT_READ, MAP_SHARED */
        close(file);
        if (found == (void *)-1L) return 0;
        shared = found;
    }
    return *shared;
}

int clock_gettime(int clock, struct timespec *now) {
    long off = offset();
    int failed = real(clock, now);
    if (!failed && (clock == 0 || clock == 5)) now->seconds += off; /* CLOCK_REALTIME, and the coarse one */
    return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
    struct timespec found;
    clock_gettime(0, &found);
    now->seconds = found.seconds;
    now->microseconds = found.nanoseconds / 1000;
    return 0;
}

long time(long *to) {
    struct timespec found;
    clock_gettime(0, &found);
    if (to) *to = found.seconds;
    return found.seconds;
}
