/* Own, as agent/flow/md5.c is: no cryptography library is linked for it. */
#include "agent/flow/sha3.h"

#include <stdio.h>

#define RATE 136 /* bytes of the state that take input, for 256 bits of output */

struct sponge {
	uint64_t s[25];
	size_t at; /* byte of the rate */
};

static const uint64_t rounds[24] = {0x0000000000000001, 0x0000000000008082, 0x800000000000808a,
	0x8000000080008000, 0x000000000000808b, 0x0000000080000001, 0x8000000080008081,
	0x8000000000008009, 0x000000000000008a, 0x0000000000000088, 0x0000000080008009,
	0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089,
	0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800a,
	0x800000008000000a, 0x8000000080008081, 0x8000000000008080, 0x0000000080000001,
	0x8000000080008008};
static const unsigned turns[24] = {
	1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44};
static const unsigned lanes[24] = {
	10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1};

static uint64_t turn(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void one_round(uint64_t s[25], uint64_t constant)
{
	uint64_t c[5];
	uint64_t t;

	for (unsigned i = 0; i < 5; i++)
		c[i] = s[i] ^ s[i + 5] ^ s[i + 10] ^ s[i + 15] ^ s[i + 20];
	for (unsigned i = 0; i < 25; i++)
		s[i] ^= c[(i + 4) % 5] ^ turn(c[(i + 1) % 5], 1);
	t = s[1];
	for (unsigned i = 0; i < 24; i++) {
		uint64_t next = s[lanes[i]];

		s[lanes[i]] = turn(t, turns[i]);
		t = next;
	}
	for (unsigned y = 0; y < 25; y += 5) {
		memcpy(c, s + y, sizeof(c));
		for (unsigned x = 0; x < 5; x++)
			s[y + x] = c[x] ^ (~c[(x + 1) % 5] & c[(x + 2) % 5]);
	}
	s[0] ^= constant;
}

static void mix(struct sponge *k)
{
	for (unsigned i = 0; i < 24; i++)
		one_round(k->s, rounds[i]);
	k->at = 0;
}

static void put(struct sponge *k, unsigned char byte)
{
	k->s[k->at / 8] ^= (uint64_t)byte << (k->at % 8 * 8);
	k->at++;
}

static void take(struct sponge *k, struct str in)
{
	for (size_t i = 0; i < in.n; i++) {
		put(k, (unsigned char)in.p[i]);
		if (k->at == RATE)
			mix(k);
	}
}

void sha3_256_hex(struct str a, struct str b, char out[65])
{
	struct sponge k = {0};

	take(&k, a);
	take(&k, b);
	put(&k, 0x06);
	k.s[(RATE - 1) / 8] ^= UINT64_C(0x80) << 56;
	mix(&k);
	for (size_t i = 0; i < 32; i++)
		snprintf(out + 2 * i, 3, "%02x", (unsigned)(k.s[i / 8] >> (i % 8 * 8) & 0xff));
}
