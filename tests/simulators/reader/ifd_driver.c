/* Drives the IFD handler as pcscd does: a call a line on stdin, its result a line on stdout. Every buffer is as large as
 * the call says and not a byte more, so that a sanitizer or valgrind sees whoever writes beyond it.
 *
 *   open LUN PATH          presence LUN            power LUN ACTION ROOM    protocol LUN T
 *   transmit LUN HEX ROOM  control LUN CODE HEX ROOM   capability LUN TAG ROOM  close LUN
 *   wait LUN MILLISECONDS  stop LUN                descriptors              channel LUN   set LUN
 *   piece BYTES            so much of a send or recv goes through at once
 *   timeouts               how many waits came to the end of their time so far
 *   begin ...              that call on a thread of its own, which `end` waits for and whose result it tells
 *   storm LUN PATH THREADS ROUNDS                  many threads call while the slot is opened and closed
 *
 * Result: the response code, and the bytes that came, in hex. `-` is no bytes.
 */
#include <dirent.h>
#include <errno.h>
#include <ifdhandler.h>
#include <poll.h>
#include <pthread.h>
#include <reader.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { LINE = 200000 };

typedef RESPONSECODE (*wait_function)(DWORD, int);
typedef RESPONSECODE (*stop_function)(DWORD);

struct result {
	long code;
	size_t length;
	UCHAR *bytes;
};

/* ── a socket that takes and gives little at once, and is interrupted at every second call ─────────────────────── */

static _Atomic size_t piece = LINE;
static _Atomic unsigned turn;

ssize_t __real_send(int fd, const void *data, size_t length, int flags);
ssize_t __real_recv(int fd, void *data, size_t length, int flags);

static bool interrupted(void)
{
	static const int errors[] = { EINTR, EAGAIN };
	unsigned now = turn++;
	if (piece == LINE || now % 2 == 0)
		return false;
	errno = errors[now / 2 % 2];
	return true;
}

ssize_t __wrap_send(int fd, const void *data, size_t length, int flags)
{
	return interrupted() ? -1 : __real_send(fd, data, length < piece ? length : piece, flags);
}

ssize_t __wrap_recv(int fd, void *data, size_t length, int flags)
{
	return interrupted() ? -1 : __real_recv(fd, data, length < piece ? length : piece, flags);
}

/* Waits that came to the end of their time. */
static _Atomic long timeouts;

int __real_poll(struct pollfd *watched, nfds_t count, int milliseconds);

int __wrap_poll(struct pollfd *watched, nfds_t count, int milliseconds)
{
	int found = __real_poll(watched, count, milliseconds);
	timeouts += found == 0;
	return found;
}

static char *next(char **line)
{
	char *word = strsep(line, " \n");
	if (word == NULL || *word == '\0') {
		fprintf(stderr, "a word is missing\n");
		exit(2);
	}
	return word;
}

static unsigned long number(char **line)
{
	return strtoul(next(line), NULL, 0);
}

static int nibble(char digit)
{
	return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static UCHAR *bytes(char **line, DWORD *length)
{
	char *hex = next(line);
	*length = strcmp(hex, "-") == 0 ? 0 : strlen(hex) / 2;
	UCHAR *raw = malloc(*length + (*length == 0));
	for (DWORD i = 0; i < *length; i++)
		raw[i] = (UCHAR)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
	return raw;
}

static UCHAR *exact(size_t room)
{
	return malloc(room); /* of no bytes, too: nobody may write to it */
}

static struct result only(long code)
{
	return (struct result){ .code = code };
}

/* The function that pcscd would be given, or NULL. */
static void *function(DWORD lun, DWORD tag)
{
	void *given = NULL;
	DWORD length = sizeof given;
	return IFDHGetCapabilities(lun, tag, &length, (PUCHAR)&given) == IFD_SUCCESS ? given : NULL;
}

static struct result do_timeouts(char *line)
{
	(void)line;
	return only(timeouts);
}

static struct result do_piece(char *line)
{
	piece = number(&line);
	turn = 0;
	return only(0);
}

static struct result do_open(char *line)
{
	DWORD lun = number(&line);
	char *path = strdup(next(&line));
	struct result result = only(IFDHCreateChannelByName(lun, path));
	free(path);
	return result;
}

static struct result do_power(char *line)
{
	DWORD lun = number(&line), action = number(&line), length = number(&line);
	UCHAR *atr = exact(length);
	long code = IFDHPowerICC(lun, action, atr, &length);
	return (struct result){ code, length, atr };
}

static struct result do_transmit(char *line)
{
	DWORD lun = number(&line), sent, length;
	UCHAR *command = bytes(&line, &sent);
	length = number(&line);
	UCHAR *response = exact(length);
	SCARD_IO_HEADER protocol = { 0, sizeof protocol }, answered;
	long code = IFDHTransmitToICC(lun, protocol, command, sent, response, &length, &answered);
	free(command);
	return (struct result){ code, length, response };
}

static struct result do_control(char *line)
{
	DWORD lun = number(&line), code = number(&line), sent, room, length = 77;
	UCHAR *data = bytes(&line, &sent);
	room = number(&line);
	UCHAR *out = exact(room);
	long result = IFDHControl(lun, code, data, sent, out, room, &length);
	free(data);
	return (struct result){ result, length, out };
}

static struct result do_capability(char *line)
{
	DWORD lun = number(&line), tag = number(&line), length = number(&line);
	UCHAR *value = exact(length);
	long code = IFDHGetCapabilities(lun, tag, &length, value);
	if (code == IFD_SUCCESS)
		return (struct result){ code, length, value };
	free(value);
	return only(code);
}

static struct result do_wait(char *line)
{
	DWORD lun = number(&line);
	int milliseconds = (int)number(&line);
	wait_function wait = (wait_function)function(lun, TAG_IFD_POLLING_THREAD_WITH_TIMEOUT);
	return only(wait == NULL ? -1 : (long)wait(lun, milliseconds));
}

static struct result do_stop(char *line)
{
	DWORD lun = number(&line);
	stop_function stop = (stop_function)function(lun, TAG_IFD_STOP_POLLING_THREAD);
	return only(stop == NULL ? -1 : (long)stop(lun));
}

static struct result do_descriptors(char *line)
{
	(void)line;
	long count = 0;
	DIR *folder = opendir("/proc/self/fd");
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return only(count);
}

static struct result do_presence(char *line) { return only(IFDHICCPresence(number(&line))); }
static struct result do_close(char *line) { return only(IFDHCloseChannel(number(&line))); }
static struct result do_channel(char *line) { return only(IFDHCreateChannel(number(&line), 1)); }

static struct result do_set(char *line)
{
	UCHAR value = 0;
	return only(IFDHSetCapabilities(number(&line), TAG_IFD_SLOTNUM, 1, &value));
}

static struct result do_protocol(char *line)
{
	DWORD lun = number(&line);
	return only(IFDHSetProtocolParameters(lun, number(&line), 0, 0, 0, 0));
}

/* ── many threads ──────────────────────────────────────────────────────────────────────────────────────────────── */

struct storm {
	DWORD lun;
	unsigned long rounds;
	int kind;
};

static void *storm(void *given)
{
	struct storm *mine = given;
	wait_function wait = NULL;
	for (unsigned long i = 0; i < mine->rounds; i++) {
		UCHAR buffer[300];
		DWORD length = sizeof buffer;
		SCARD_IO_HEADER protocol = { 0, sizeof protocol };
		switch (mine->kind) {
		case 0:
			if (wait == NULL)
				wait = (wait_function)function(mine->lun, TAG_IFD_POLLING_THREAD_WITH_TIMEOUT);
			if (wait != NULL)
				wait(mine->lun, 1);
			break;
		case 1:
			IFDHPowerICC(mine->lun, IFD_POWER_UP, buffer, &length);
			IFDHSetProtocolParameters(mine->lun, 1, 0, 0, 0, 0);
			break;
		case 2:
			IFDHGetCapabilities(mine->lun, SCARD_ATTR_ATR_STRING, &length, buffer);
			break;
		default:
			IFDHTransmitToICC(mine->lun, protocol, (UCHAR *)"\0\xB2\1\x0C", 4, buffer, &length, NULL);
		}
		IFDHICCPresence(mine->lun);
	}
	return NULL;
}

static struct result do_storm(char *line)
{
	pthread_t threads[16];
	struct storm work[16];
	DWORD lun = number(&line);
	char *path = next(&line);
	unsigned long count = number(&line), rounds = number(&line), opened = 0;
	for (unsigned long i = 0; i < count && i < 16; i++) {
		work[i] = (struct storm){ lun, rounds, (int)(i % 5) };
		pthread_create(&threads[i], NULL, storm, &work[i]);
	}
	for (unsigned long i = 0; i < rounds; i++) {
		opened += IFDHCreateChannelByName(lun, path) == IFD_SUCCESS;
		IFDHICCPresence(lun);
		IFDHCloseChannel(lun);
	}
	for (unsigned long i = 0; i < count && i < 16; i++)
		pthread_join(threads[i], NULL);
	return only(opened == rounds ? 0 : 1);
}

/* ── lines ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static const struct {
	const char *name;
	struct result (*call)(char *);
} calls[] = {
	{ "open", do_open },       { "presence", do_presence }, { "power", do_power },
	{ "transmit", do_transmit }, { "control", do_control },   { "capability", do_capability },
	{ "wait", do_wait },       { "stop", do_stop },         { "close", do_close },
	{ "protocol", do_protocol }, { "storm", do_storm },       { "descriptors", do_descriptors },
	{ "channel", do_channel }, { "set", do_set },           { "piece", do_piece },
	{ "timeouts", do_timeouts },
};

static struct result dispatch(char *line)
{
	char *name = next(&line);
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (strcmp(calls[i].name, name) == 0)
			return calls[i].call(line);
	fprintf(stderr, "no call is named %s\n", name);
	exit(2);
}

static void tell(struct result result)
{
	printf("%ld ", result.code);
	for (size_t i = 0; i < result.length; i++)
		fputs((char[]){ "0123456789ABCDEF"[result.bytes[i] >> 4], "0123456789ABCDEF"[result.bytes[i] & 15], 0 }, stdout);
	printf(result.length ? "\n" : "-\n");
	fflush(stdout);
	free(result.bytes);
}

static struct result apart_result;

static void *apart(void *line)
{
	apart_result = dispatch(line);
	return NULL;
}

int main(void)
{
	static char line[LINE], kept[LINE];
	pthread_t thread;
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (strncmp(line, "begin ", 6) == 0) {
			strcpy(kept, line + 6);
			pthread_create(&thread, NULL, apart, kept);
			puts("0 -");
			fflush(stdout);
		} else if (strncmp(line, "end", 3) == 0) {
			pthread_join(thread, NULL);
			tell(apart_result);
		} else {
			tell(dispatch(line));
		}
	}
	return 0;
}
