# Neither LTO nor PGO, and no test suite: minutes instead of hours, for an interpreter that is some 20 % slower.
./configure --prefix="$PREFIX" --enable-shared --disable-test-modules --without-ensurepip --with-dbmliborder=
make -j"$CPU_COUNT"
make install
ln -s python3 "$PREFIX/bin/python"
