# Mail::DKIM over a whole batch: judge.pl (dkim|arc) <JSON >JSON, as judge.py. DNS is what stands in the case.
use strict;
use warnings;
use JSON::PP;
use MIME::Base64;
use Net::DNS::RR;
use Mail::DKIM::ARC::Verifier;
use Mail::DKIM::Verifier;

my $class = $ARGV[0] eq 'arc' ? 'Mail::DKIM::ARC::Verifier' : 'Mail::DKIM::Verifier';
my %records;
{
    no warnings 'redefine';
    *Mail::DKIM::DNS::query = sub {
        my ( $name, $type ) = @_;
        my $strings = $records{ lc $name };
        if ( !$strings ) { $@ = 'NXDOMAIN'; return; }
        return Net::DNS::RR->new( name => $name, type => 'TXT', txtdata => $strings );
    };
}
my @verdicts;
for my $case ( @{ decode_json( do { local $/; <STDIN> } ) } ) {
    %records = map { lc $_ => $case->{records}{$_} } keys %{ $case->{records} };
    my $verdict = eval {
        my $dkim = $class->new();
        $dkim->PRINT( decode_base64( $case->{message} ) );
        $dkim->CLOSE;
        $dkim->result;
    };
    push @verdicts, $verdict // 'fail';
}
print encode_json( \@verdicts );
